import { useLayoutEffect, useRef, useState } from "react";

const lowest = 360;
const below = 28; // the page's own padding

/** Height for an element that reaches down to the end of the window, whatever stands above it. */
export function useRoom() {
  const ref = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(lowest);
  useLayoutEffect(() => {
    const measure = () => {
      const top = (ref.current?.getBoundingClientRect().top ?? 0) + window.scrollY;
      setHeight(Math.max(lowest, Math.floor(window.innerHeight - top - below)));
    };
    measure();
    const observer = new ResizeObserver(measure); // of what stands above, filters for one
    for (let each = ref.current?.parentElement; each && each !== document.body; each = each.parentElement)
      for (const child of each.children) observer.observe(child);
    window.addEventListener("resize", measure);
    return () => {
      observer.disconnect();
      window.removeEventListener("resize", measure);
    };
  }, []);
  return { ref, height };
}

/** The width of an element, known before it is painted. */
export function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}
