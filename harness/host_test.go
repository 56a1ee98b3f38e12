package harness

import (
	"strings"
	"testing"
)

func TestCPUModel(t *testing.T) {
	const text = "processor\t: 0\nmodel\t\t: 1\nmodel name\t: Some CPU @ 3 GHz\nflags\t\t: fpu\nmodel name\t: another\n"
	if got := cpuModelIn(strings.NewReader(text)); got != "Some CPU @ 3 GHz" {
		t.Errorf("model is %q, want that of the first processor", got)
	}
	if got := cpuModelIn(strings.NewReader("Features : fp\n")); got != "unknown" {
		t.Errorf("model is %q where none is stated, want unknown", got)
	}
}
