import { Search } from "lucide-react";
import { Kbd } from "@/components/ui/kbd";
import { keyNames } from "@/lib/shortcuts";

export function SearchButton({ onClick }: { onClick: () => void }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="flex h-8.5 w-full items-center gap-2 rounded-md border border-input bg-card px-2.5 text-muted-foreground hover:bg-muted"
    >
      <Search className="size-4" aria-hidden />
      <span className="grow text-left">Find anything</span>
      {keyNames("mod+k").map((key) => (
        <Kbd key={key}>{key}</Kbd>
      ))}
    </button>
  );
}
