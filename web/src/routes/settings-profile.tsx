import { ProfilePage } from "@/features/auth/profile-page";

export { ProfilePage as Component };
