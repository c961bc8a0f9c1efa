#include <gmock/gmock.h>

#include "tests/system/system.h"

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  const int result = RUN_ALL_TESTS();
  kasbah::system_test::System::TearDown();
  return result;
}
