package main

import (
	"testing"

	"noisebench/plugins"
)

func TestThreadsOfEnvironment(t *testing.T) {
	for value, want := range map[string]int{"": 0, "3": 3, "1": 1, "0": 0, "-2": 0, "two": 0, "2.5": 0} {
		t.Setenv(plugins.ThreadsVariable, value)
		if got := threadsOfEnvironment(); got != want {
			t.Errorf("%s=%q makes %d threads, want %d", plugins.ThreadsVariable, value, got, want)
		}
	}
}
