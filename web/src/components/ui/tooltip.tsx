import { Tooltip as Primitive } from "radix-ui";
import type { ReactNode } from "react";

/** A few words about a control whose label is an icon; the control has the same words as its name. */
export function Tooltip({ text, children }: { text: ReactNode; children: ReactNode }) {
  return (
    <Primitive.Root delayDuration={400}>
      <Primitive.Trigger asChild>{children}</Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          sideOffset={5}
          className="z-50 max-w-72 rounded-md bg-foreground px-2 py-1 text-xs text-background shadow-md"
        >
          {text}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
