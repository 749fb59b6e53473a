package proconnect

import "slices"

// appendNew appends what is not in the list yet.
func appendNew[T comparable](s []T, v T) []T {
	if slices.Contains(s, v) {
		return s
	}
	return append(s, v)
}
