package caddytest

import "os"

// FullScale says whether tests that count in thousands are to count as high as they are
// meant to (TEST_SCALE=full, as .ci/run does): it takes a minute more.
func FullScale() bool { return os.Getenv("TEST_SCALE") == "full" }
