/** Filters are smaller than what stands above them, and stand out when they are set. */
export const filterLook = "h-8 w-full truncate px-2.5 text-[0.8125rem] sm:w-auto";
export const setLook = "border-primary bg-accent text-accent-foreground read-only:bg-accent";
