package protocoltest_test

import (
	"testing"
	"time"

	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol/protocoltest"
)

func TestScratch(t *testing.T) {
	for _, d := range optimizers.All() {
		start := time.Now()
		err := protocoltest.Optimizer(d)
		t.Logf("%s %v\n%v", d.Name, time.Since(start), err)
	}
	for _, d := range problems.All() {
		start := time.Now()
		err := protocoltest.Problem(d, nil)
		t.Logf("%s %v\n%v", d.Name, time.Since(start), err)
	}
}
