import { type RefObject, useLayoutEffect, useRef, useState } from "react";
import type { Schema } from "@/api/client";
import { useRowsInSight } from "@/components/rows-in-sight";
import { ProjectCard } from "./project-card";

/** Also of what stands there until the projects come. */
export const gridLook = "grid gap-3 grid-cols-[repeat(auto-fill,minmax(min(20rem,100%),1fr))]";

const cardHeight = 152;
const gap = 12;

/** Projects as cards, however many: of thousands only the rows near the window are in the page. */
export function ProjectGrid({ projects }: { projects: Schema<"Project">[] }) {
  const list = useRef<HTMLUListElement>(null);
  const columns = useColumns(list);
  const rows = Math.ceil(projects.length / columns);
  const { first, end, style, measure } = useRowsInSight(list, { rows, height: cardHeight, gap });
  const from = first * columns;
  return (
    <ul ref={list} aria-label="Projects" className={gridLook} style={style}>
      {projects.slice(from, end * columns).map((project, at) => (
        <ProjectCard
          key={project.id}
          project={project}
          ref={at % columns === 0 ? measure : undefined}
          data-index={first + Math.floor(at / columns)}
          aria-setsize={projects.length}
          aria-posinset={from + at + 1}
        />
      ))}
    </ul>
  );
}

/** How many cards the style sheet puts beside each other. */
function useColumns(list: RefObject<HTMLElement | null>): number {
  const [columns, setColumns] = useState(1);
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const measure = () => setColumns(getComputedStyle(element).gridTemplateColumns.split(" ").length);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [list]);
  return columns;
}
