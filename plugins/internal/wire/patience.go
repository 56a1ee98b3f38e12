package wire

import (
	"runtime"
	"sync/atomic"
	"time"
)

// patience decides how long a side looks at a number before it sleeps on it. To sleep and be woken costs 5 to 10 µs on a
// virtual machine, more than many calls take; but to look in vain costs the time of a processor that somebody else may
// need, the peer above all. So it looks as long as looking has been worth it, with pauses in between, and never yields:
// on a busy machine that would give the processor away for milliseconds.
//
// Only the host looks, whose peer is at work. A plugin would look in vain while the host talks to the run's other plugin,
// and three that look do not fit on two processors. See benchmarks/transport.sh.
type patience struct {
	most  time.Duration // to look; 0: not at all
	now   time.Duration
	waits int
}

const (
	// mostPatience is about what sleeping costs both sides together.
	mostPatience = 20 * time.Microsecond
	// leastPatience is not worth a look at the clock.
	leastPatience = time.Microsecond
	// secondLook is after how many waits it looks for as long as it can, in case that is worth it again: 20 µs every 64
	// waits are less than a third of a microsecond for each.
	secondLook = 64
)

// hostPatience is the patience of a host: none on a single processor, where the peer cannot be at work meanwhile.
func hostPatience() patience {
	if runtime.NumCPU() == 1 {
		return patience{}
	}
	return patience{most: mostPatience, now: mostPatience}
}

// look returns the number once it is no longer old, or old when patience is at its end.
func (p *patience) look(number *uint32, old uint32) uint32 {
	if p.most == 0 {
		return atomic.LoadUint32(number)
	}
	if p.waits++; p.waits%secondLook == 0 {
		p.now = p.most
	}
	for began := time.Now(); ; {
		for range 4 {
			if n := atomic.LoadUint32(number); n != old {
				p.now = max(p.now, min(2*time.Since(began), p.most))
				return n
			}
			pause(8)
		}
		if time.Since(began) >= p.now {
			break
		}
	}
	if p.now /= 2; p.now < leastPatience {
		p.now = 0
	}
	return old
}
