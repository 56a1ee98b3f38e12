package wire

import (
	"sync/atomic"
	"time"
)

// patience decides how long a waiting side polls a number before it sleeps on it. To sleep and be
// woken takes 5 to 10 µs on a virtual machine, more than many calls take, and puts load on the Go
// scheduler. So a waiting side polls as long as polling has paid off.
//
// Between two polls it yields its processor, which lets a peer on the same one continue: a run has
// three threads that wait for each other, and machines with two processors are common. Where the
// processor goes to an unrelated process instead, for milliseconds, the side notices, and sleeps at
// once the next time and, if that goes on, the next thousands of times. See
// benchmarks/transport.sh.
type patience struct {
	now   time.Duration // to poll; 0: sleep at once
	waits int
	skip  int // how many waits to sleep at once, since yielding was slow
	last  int // what skip was set to
}

const (
	// mostPatience is about the time that sleeping takes both sides together.
	mostPatience = 20 * time.Microsecond
	// leastPatience is the time of two or three polls.
	leastPatience = time.Microsecond
	// retryEvery is after how many waits a side polls for the longest time, in case that pays off
	// again: 20 µs every 64 waits are less than a third of a microsecond for each.
	retryEvery = 64
	// slowYield is the least time of a yield that gave the processor to a busy process.
	slowYield = 100 * time.Microsecond
	// mostSkipped waits between two slow yields, of some milliseconds each, make their cost small
	// on average.
	mostSkipped = 8192
)

func newPatience() patience { return patience{now: mostPatience} }

// poll returns the number once it is no longer old, or old when the time for polling is over.
func (p *patience) poll(number *uint32, old uint32) uint32 {
	return p.pollYielding(number, old, yield)
}

func (p *patience) pollYielding(number *uint32, old uint32, yield func()) uint32 {
	if n := atomic.LoadUint32(number); n != old {
		return n
	}
	if p.skip > 0 {
		p.skip--
		return old
	}
	if p.waits++; p.waits%retryEvery == 0 {
		p.now = mostPatience
	}
	began := time.Now()
	for polled := time.Duration(0); polled < p.now; {
		yield()
		n, took := atomic.LoadUint32(number), time.Since(began)
		if took-polled > slowYield {
			p.last = min(max(4*p.last, 16), mostSkipped)
			p.skip = p.last
			return n
		}
		polled = took
		if n != old {
			p.now = max(p.now, min(2*polled, mostPatience))
			p.last /= 2
			return n
		}
	}
	if p.now /= 2; p.now < leastPatience {
		p.now = 0
	}
	return old
}
