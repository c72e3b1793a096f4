/** How statistics are fetched anew while they are in sight. */

/** All statistics have keys that begin so: a call anywhere changes them. */
export const statsKey = ["stats"] as const;

/** Often enough to see a call soon after it was made; not while the page is in the background. */
export const live = { refetchInterval: 5000, staleTime: 4000 };

/** What is over changes little. */
export const slow = { refetchInterval: 60_000, staleTime: 30_000 };
