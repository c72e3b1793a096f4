/* projects_store — the SQL of projects and their members. Only for projects/. */
#pragma once

#include "projects/projects.h"
