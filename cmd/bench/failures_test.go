package main

import (
	"strings"
	"testing"

	"noisebench/results"
)

// The reason of a failed run, which a plugin may have written, is one line without control
// characters.
func TestFailuresAreOneLine(t *testing.T) {
	if err := failures(nil); err != nil {
		t.Errorf("without failed runs there is the error %v", err)
	}
	run := &results.Record{End: results.End{Reason: "no\x1b[2J\ndata"}}
	err := failures(map[string]*results.Record{"b": {}, "a": run})
	if err == nil || strings.ContainsAny(err.Error(), "\x1b\n") || !strings.HasSuffix(err.Error(), "no [2J data") {
		t.Errorf("the error is %q", err)
	}
}
