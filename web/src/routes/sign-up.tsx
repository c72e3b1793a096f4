import { SignUpPage } from "@/features/auth/sign-up-page";

export { SignUpPage as Component };
