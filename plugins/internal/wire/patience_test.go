package wire

import (
	"sync/atomic"
	"testing"
	"time"
)

// A side that looks in vain soon sleeps at once, and tries again now and then; one whose looks are worth it goes on.
func TestPatience(t *testing.T) {
	var number uint32
	p := patience{most: 2 * time.Millisecond, now: 2 * time.Millisecond} // long enough to be told from all else
	look := func() time.Duration {
		began := time.Now()
		if got := p.look(&number, 0); got != 0 {
			t.Fatalf("the number is %d, want 0", got)
		}
		return time.Since(began)
	}
	if took := look(); took < p.most {
		t.Errorf("the first look takes %v, want %v", took, p.most)
	}
	for range 20 {
		look()
	}
	if p.now != 0 {
		t.Errorf("after 20 looks in vain it is still looking for %v", p.now)
	}
	longest := time.Duration(0)
	for range secondLook {
		before := p.waits
		if took := look(); p.waits%secondLook == 0 && p.waits > before {
			longest = took
		}
	}
	if longest < p.most {
		t.Errorf("it does not look again: the longest look of %d takes %v", secondLook, longest)
	}
	for range 20 {
		look()
	}
	// The answer is there at the first look.
	atomic.StoreUint32(&number, 7)
	if got := p.look(&number, 0); got != 7 {
		t.Errorf("the number is %d, want 7", got)
	}
	// It comes while it looks.
	atomic.StoreUint32(&number, 0)
	p.now = 2 * time.Second
	time.AfterFunc(time.Millisecond, func() { atomic.StoreUint32(&number, 8) })
	if got := p.look(&number, 0); got != 8 {
		t.Errorf("the number is %d, want 8", got)
	}
	none := patience{}
	atomic.StoreUint32(&number, 0)
	if none.look(&number, 0) != 0 || none.waits != 0 {
		t.Error("without patience it looks more than once")
	}
}
