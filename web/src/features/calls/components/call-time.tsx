/** Times of the viewer's zone, put together by hand: a page of rows is drawn with each frame of scrolling, and Intl takes its
 * time. */
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (n: number) => String(n).padStart(2, "0");

/** "11:44:15.712" */
export function clockTime(at: Date): string {
  const ms = String(at.getMilliseconds()).padStart(3, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${ms}`;
}

/** "Nov 21" */
export function dayOf(at: Date): string {
  return `${months[at.getMonth()]} ${at.getDate()}`;
}

interface CallTimeProps {
  at: Date;
  /** Left out where there is no room and it is today. */
  withDay: boolean;
}

/** When a call arrived, to the millisecond: rows of a log are read against each other, so times stand still. */
export function CallTime({ at, withDay }: CallTimeProps) {
  return (
    <time dateTime={at.toISOString()}>
      {(withDay || !isToday(at)) && <span className="text-muted-foreground">{dayOf(at)} </span>}
      {clockTime(at)}
    </time>
  );
}

function isToday(at: Date): boolean {
  const now = new Date();
  return at.getDate() === now.getDate() && Math.abs(now.getTime() - at.getTime()) < 86_400_000;
}
