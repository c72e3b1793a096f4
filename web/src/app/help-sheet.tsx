import { Dialog } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";
import { keyNames, useActiveShortcuts, useNotedKeys } from "@/lib/shortcuts";

/** The keys that do something on the page in sight. */
export default function HelpSheet({ onClose }: { onClose: () => void }) {
  const shortcuts = [...useActiveShortcuts(), ...useNotedKeys()];
  return (
    <Dialog open onOpenChange={onClose} title="Keyboard shortcuts">
      <dl className="grid gap-2">
        {shortcuts.map((each) => (
          <div key={each.keys} className="flex items-center justify-between gap-4">
            <dt>{each.label}</dt>
            <dd className="flex gap-1">
              {keyNames(each.keys).map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
