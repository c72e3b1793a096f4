import { useEffect, useRef } from "react";
import { Button } from "@/components/ui/button";

interface MoreProps {
  /** What the button loads: "Load older lines". */
  label: string;
  pending: boolean;
  onMore: () => void;
}

/** The end of a list that goes on: loads more when it comes into sight, or when it is pressed. */
export function More({ label, pending, onMore }: MoreProps) {
  const mark = useRef<HTMLDivElement>(null);
  const latest = useRef(onMore);
  useEffect(() => {
    latest.current = onMore;
  });
  useEffect(() => {
    const end = mark.current;
    if (!end || pending) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && latest.current(), {
      rootMargin: "300px",
    });
    observer.observe(end);
    return () => observer.disconnect();
  }, [pending]);
  return (
    <div ref={mark} className="mt-4 flex justify-center">
      <Button pending={pending} onClick={onMore}>
        {label}
      </Button>
    </div>
  );
}
