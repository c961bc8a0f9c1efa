#include "libs/testing/test_postgres.h"
