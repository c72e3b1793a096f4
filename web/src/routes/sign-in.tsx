import { SignInPage } from "@/features/auth/sign-in-page";

export { SignInPage as Component };
