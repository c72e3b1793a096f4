import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";
import { Button } from "./button";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description?: ReactNode;
  className?: string;
  children: ReactNode;
}

/** A window in front of the page. Escape and a click beside it close it; the focus comes back. */
export function Dialog({ open, onOpenChange, title, description, className, children }: DialogProps) {
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 bg-black/45 backdrop-blur-[1px]" />
        <Primitive.Content
          {...(!description && { "aria-describedby": undefined })}
          className={cn(
            "fixed top-[max(1rem,12vh)] left-1/2 z-50 max-h-[calc(100dvh-2rem-10vh)] w-[min(32rem,calc(100vw-2rem))] -translate-x-1/2 overflow-y-auto rounded-xl border bg-card p-5 shadow-2xl",
            className,
          )}
        >
          <div className="mb-4 pr-8">
            <Primitive.Title className="text-base font-semibold">{title}</Primitive.Title>
            {description && (
              <Primitive.Description className="mt-1 text-muted-foreground">{description}</Primitive.Description>
            )}
          </div>
          {children}
          {/* Behind the content, so that the focus goes to its first field. */}
          <Primitive.Close asChild>
            <Button variant="ghost" size="smallIcon" className="absolute top-4 right-4" aria-label="Close">
              <X />
            </Button>
          </Primitive.Close>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

/** The row of buttons at the end of a dialog. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-5 flex flex-wrap justify-end gap-2">{children}</div>;
}
