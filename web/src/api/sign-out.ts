import { api, take } from "./client";
import { ApiError } from "./error";

/** Ends the session. The page is loaded anew, so that nothing of the account stays behind in it. */
export async function signOut() {
  await take(api.POST("/api/logout")).catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 401)) throw error; // it has ended already
  });
  location.assign("/sign-in");
}
