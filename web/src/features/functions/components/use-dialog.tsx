import type { Schema } from "@/api/client";
import { Dialog } from "@/components/ui/dialog";
import type { Target } from "../snippets";
import { Snippets } from "./snippets";

interface UseDialogProps {
  fn: Schema<"Function">;
  targets: Target[];
  onClose: () => void;
}

/** How programs call the function. */
export function UseDialog({ fn, targets, onClose }: UseDialogProps) {
  return (
    <Dialog open onOpenChange={onClose} title={`Call ${fn.name}`} className="w-[min(44rem,calc(100vw-2rem))]">
      <Snippets fn={fn} targets={targets} />
    </Dialog>
  );
}
