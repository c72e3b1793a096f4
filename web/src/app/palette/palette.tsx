import { Dialog } from "@/components/ui/dialog";

export default function Palette({ onClose }: { onClose: () => void; onHelp: () => void }) {
  return (
    <Dialog open onOpenChange={onClose} title="Find anything">
      {null}
    </Dialog>
  );
}
