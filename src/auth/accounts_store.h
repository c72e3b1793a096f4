/* accounts_store — the SQL of accounts. Only for auth/. */
#pragma once

#include "auth/auth.h"
