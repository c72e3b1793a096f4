import { memo } from "react";
import type { ChartProps } from "../chart";
import { pointTime, pointValues } from "./describe";

/** The values as a table for screen readers; points at which nothing was are left out. */
export const ChartTable = memo(function ChartTable({ id, ...props }: ChartProps & { id: string }) {
  const { label, times, series } = props;
  const some = times.map((_, at) => at).filter((at) => series.some(({ values }) => values[at]));
  return (
    <div id={id} className="sr-only">
      <table>
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {some.map((at) => (
            <tr key={times[at]}>
              <th scope="row">{pointTime(props, at)}</th>
              {pointValues(props, at).map(([name, value]) => (
                <td key={name}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
});
