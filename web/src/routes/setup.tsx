import { SetupPage } from "@/features/auth/setup-page";

export { SetupPage as Component };
