package caddytest

import (
	"runtime"
)

// Heap is what is alive in memory, in bytes.
func Heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
