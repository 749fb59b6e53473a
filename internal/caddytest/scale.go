package caddytest

import "os"

// FullScale says whether tests that count in thousands are to count as high as they are
// meant to, and nodes to look at the storage as rarely as they do (TEST_SCALE=full, as
// .ci/run does): it takes a minute more.
func FullScale() bool { return os.Getenv("TEST_SCALE") == "full" }
