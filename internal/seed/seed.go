// Package seed gives tests that try things by chance the same chance in every run: a
// change must not be refused for what another one did. TEST_SEED gives them another:
// a number, or clock, as make hunt does.
package seed

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// Rand returns the chance of a test. Its log says how to have the same once more.
func Rand(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(1)
	switch given := os.Getenv("TEST_SEED"); given {
	case "":
	case "clock":
		seed = uint64(time.Now().UnixNano())
	default:
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("TEST_SEED: %v", err)
		}
	}
	t.Logf("TEST_SEED=%d repeats this", seed)
	return rand.New(rand.NewPCG(seed, 0))
}
