const clock = new Intl.DateTimeFormat(undefined, {
  hourCycle: "h23",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const day = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });

export const clockTime = (at: string) => clock.format(new Date(at));
export const dayOf = (at: string) => day.format(new Date(at));

interface CallTimeProps {
  at: string;
  /** Left out where there is no room and it is today. */
  withDay: boolean;
}

/** When a call arrived, to the millisecond: rows of a log are read against each other, so times stand still. */
export function CallTime({ at, withDay }: CallTimeProps) {
  return (
    <time dateTime={at} className="tabular-nums">
      {(withDay || !isToday(at)) && <span className="text-muted-foreground">{dayOf(at)} </span>}
      {clockTime(at)}
    </time>
  );
}

function isToday(at: string): boolean {
  return new Date(at).toDateString() === new Date().toDateString();
}
