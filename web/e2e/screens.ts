/** A page as it is, in the dark, and on a telephone. */
import { inspect, type Viewer } from "./browser";

/** The page keeps its state: sizes and colours change in place. */
export async function inspectEverywhere(viewer: Viewer, name: string, maxShift = 1) {
  const { page } = viewer;
  const look = async (as: string, theme: string, width: number, height: number) => {
    await page.setViewportSize({ width, height });
    await page.evaluate((chosen) => {
      document.documentElement.dataset.theme = chosen;
    }, theme);
    await inspect(viewer, as, maxShift);
  };
  await inspect(viewer, name);
  await look(`${name}-dark`, "dark", 1280, 800);
  await look(`${name}-narrow`, "light", 360, 740);
  await page.setViewportSize({ width: 1280, height: 800 });
}
