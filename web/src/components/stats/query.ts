/** How statistics are fetched anew while they are in sight. */

import type { Span } from "./span";

/** All statistics have keys that begin so: a call anywhere changes them. */
export const statsKey = ["stats"] as const;

/** Often enough to see a call soon after it was made; not while the page is in the background. */
export const live = { refetchInterval: 5000, staleTime: 4000 };

/** Points of a span; of a week they are many, and one call changes little. */
export const liveIn = (span: Span) => (span === "7d" ? { ...live, refetchInterval: 15_000 } : live);

/** What is over changes little. */
export const slow = { refetchInterval: 60_000, staleTime: 30_000 };
