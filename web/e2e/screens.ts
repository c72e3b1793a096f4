/** A page as it is, in the dark, and on a telephone. */
import { inspect } from "./browser";
import type { World } from "./world";

/** The page keeps its state: sizes and colours change in place. */
export async function inspectEverywhere(world: World, name: string, maxShift = 1) {
  const { page } = world;
  const look = async (as: string, theme: string, width: number, height: number) => {
    await page.setViewportSize({ width, height });
    await page.evaluate((chosen) => {
      document.documentElement.dataset.theme = chosen;
    }, theme);
    await inspect(world, as, maxShift);
  };
  await inspect(world, name);
  await look(`${name}-dark`, "dark", 1280, 800);
  await look(`${name}-narrow`, "light", 360, 740);
  await page.setViewportSize({ width: 1280, height: 800 });
}
