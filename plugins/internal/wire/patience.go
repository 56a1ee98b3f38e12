package wire

import (
	"sync/atomic"
	"time"
)

// patience decides how long a side looks at a number before it sleeps on it. To sleep and be woken costs 5 to 10 µs on a
// virtual machine, more than many calls take, and much of a Go program's scheduler. So a waiting side looks as long as
// looking has been worth it.
//
// Between two looks it yields its processor, which lets a peer on the same one get on with its work: a run has three
// threads that wait for each other, and machines with two processors are common. Where the processor goes to a stranger
// instead, for milliseconds, the side notices, and sleeps at once the next time and, if that goes on, the next thousands
// of times. See benchmarks/transport.sh.
type patience struct {
	now   time.Duration // to look; 0: sleep at once
	waits int
	skip  int // how many waits to sleep at once, since yielding was dear
	last  int // what skip was set to
}

const (
	// mostPatience is about what sleeping costs both sides together.
	mostPatience = 20 * time.Microsecond
	// leastPatience is two or three looks.
	leastPatience = time.Microsecond
	// secondLook is after how many waits a side looks for as long as it can, in case that is worth it again: 20 µs every
	// 64 waits are less than a third of a microsecond for each.
	secondLook = 64
	// dear is how long a yield takes that gave the processor to somebody with much to do.
	dear = 100 * time.Microsecond
	// mostSkipped waits between two dear yields, of some milliseconds each, make them cheap on average.
	mostSkipped = 8192
)

func newPatience() patience { return patience{now: mostPatience} }

// look returns the number once it is no longer old, or old when patience is at its end.
func (p *patience) look(number *uint32, old uint32) uint32 { return p.lookFor(number, old, yield) }

func (p *patience) lookFor(number *uint32, old uint32, yield func()) uint32 {
	if n := atomic.LoadUint32(number); n != old {
		return n
	}
	if p.skip > 0 {
		p.skip--
		return old
	}
	if p.waits++; p.waits%secondLook == 0 {
		p.now = mostPatience
	}
	began := time.Now()
	for looked := time.Duration(0); looked < p.now; {
		yield()
		n, took := atomic.LoadUint32(number), time.Since(began)
		if took-looked > dear {
			p.last = min(max(4*p.last, 16), mostSkipped)
			p.skip = p.last
			return n
		}
		looked = took
		if n != old {
			p.now = max(p.now, min(2*looked, mostPatience))
			p.last /= 2
			return n
		}
	}
	if p.now /= 2; p.now < leastPatience {
		p.now = 0
	}
	return old
}
