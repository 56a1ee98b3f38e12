package wire

import (
	"testing"
	"time"
)

// A side polls as long as that pays off, and no longer where its processor goes to a busy process.
func TestPatience(t *testing.T) {
	var number uint32
	yields := 0
	idle := func() { yields++; time.Sleep(0) }
	busy := func() { yields++; time.Sleep(2 * slowYield) }
	answered := func() { yields++; number = 1 }
	wait := func(p *patience, yield func()) int {
		number, yields = 0, 0
		if got := p.pollYielding(&number, 0, yield); got != number {
			t.Fatalf("the number is %d, want %d", got, number)
		}
		return yields
	}

	p := newPatience()
	if n := wait(&p, answered); n != 1 || p.now != mostPatience {
		t.Errorf("an answer after one poll takes %d, and leaves %v; want 1 and %v", n, p.now, mostPatience)
	}
	for range 10 {
		wait(&p, idle)
	}
	if n := wait(&p, idle); n != 0 {
		t.Errorf("after 10 polls without an answer it polls %d times, want 0", n)
	}
	again := false
	for range 100 * retryEvery { // a yield that another test slows down delays it
		again = again || wait(&p, idle) > 0
	}
	if !again {
		t.Error("after polls without an answer it never polls again")
	}

	// The longer yielding is slow, the longer waits do without.
	p = newPatience()
	last := 0
	for range 8 {
		p.now = mostPatience
		if n := wait(&p, busy); n != 1 {
			t.Fatalf("%d slow yields in one wait, want 1", n)
		}
		if p.skip <= last && p.skip != mostSkipped {
			t.Errorf("after another slow yield %d waits are without any, before it were %d", p.skip, last)
		}
		last = p.skip
		for range last {
			if n := wait(&p, busy); n != 0 {
				t.Fatalf("%d yields, want 0 for %d waits", n, last)
			}
		}
	}
	if last != mostSkipped {
		t.Errorf("in the end %d waits are without a yield, want %d", last, mostSkipped)
	}
	for range 20 {
		p.now, p.skip = mostPatience, 0
		wait(&p, answered)
	}
	if p.last >= last {
		t.Error("an answer that comes at once does not make it more patient")
	}
	// The answer that came during a slow yield is taken.
	p = newPatience()
	if wait(&p, func() { busy(); number = 3 }); number != 3 || p.skip == 0 {
		t.Errorf("number %d and %d waits without a yield, want 3 and more than 0", number, p.skip)
	}
}
