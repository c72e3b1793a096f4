import { defaultRangeExtractor, useWindowVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type RefCallback, type RefObject, useLayoutEffect, useState } from "react";

/** Up to so many rows all are in the page, where the browser's own search finds them. */
const allAtOnce = 60;

interface RowsInSightOptions {
  rows: number;
  /** Height of a row in px, until it has been seen. */
  height: number;
  gap?: number;
  /** A row that stays in the page wherever one looks: something is being typed there. */
  keep?: number | undefined;
}

interface RowsInSight {
  /** The rows that belong into the page: from `first` up to `end`, which is none of them. */
  first: number;
  end: number;
  /** Padding of the list, in place of the others. */
  style: CSSProperties | undefined;
  /** For the element that has the height of a row and the row's number in `data-index`. */
  measure: RefCallback<HTMLElement> | undefined;
}

/** The rows of a list that scrolls with the window and may be long: those out of sight are not in the page. */
export function useRowsInSight(list: RefObject<HTMLElement | null>, options: RowsInSightOptions): RowsInSight {
  const { rows, height, gap = 0, keep } = options;
  const long = rows > allAtOnce;
  const top = useTop(list, long);
  const virtual = useWindowVirtualizer<HTMLElement>({
    count: long ? rows : 0,
    estimateSize: () => height,
    gap,
    scrollMargin: top,
    overscan: 6,
    initialRect: { width: 0, height: window.innerHeight },
    rangeExtractor: (range) =>
      defaultRangeExtractor({
        ...range,
        startIndex: Math.min(range.startIndex, keep ?? range.startIndex),
        endIndex: Math.max(range.endIndex, keep ?? range.endIndex),
      }),
  });
  const items = virtual.getVirtualItems();
  const [first, last] = [items[0], items.at(-1)];
  if (!long || !first || !last) return { first: 0, end: long ? 0 : rows, style: undefined, measure: undefined };
  const style = {
    paddingTop: first.start - top,
    paddingBottom: virtual.getTotalSize() - (last.end - top),
    overflowAnchor: "none",
  } as const;
  return { first: first.index, end: last.index + 1, style, measure: virtual.measureElement };
}

/** How far below the page's beginning a list begins. */
function useTop(list: RefObject<HTMLElement | null>, long: boolean): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const element = list.current;
    if (!element || !long) return;
    const measure = () => setTop(Math.round(element.getBoundingClientRect().top + window.scrollY));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [list, long]);
  return top;
}
