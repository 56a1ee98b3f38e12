package nn

import (
	"sync"
	"sync/atomic"

	"noisebench/plugins/internal/simd"
)

// work is a set of independent tasks. Every element of every result is computed by one task in a
// fixed order, so that the assignment of tasks to threads does not affect the result.
type work interface{ task(t *thread, i int) }

// thread holds the buffers of one thread.
type thread struct {
	number   int // from 0; layers keep buffers by it
	tile     [simd.Rows * beside * simd.Columns]float32
	sums     [simd.Columns]float32
	products []float32 // of an example, where only the sum of their squares is wanted
	exps     []float64 // of an example's scores
	image    []float32 // padded
	delta    []float32 // padded
	part     []float32 // of an in delta
	maps     []float32 // of an image, and of the products' sums: see [bilinear]
	mapped   []float32
	patch    []float32 // a place at an image's border
	run      func()
}

// threadPool runs tasks on a fixed number of threads.
type threadPool struct {
	threads []*thread
	work    work
	tasks   int64
	next    atomic.Int64
	wait    sync.WaitGroup
}

func newThreadPool(threads int) *threadPool {
	c := new(threadPool)
	for i := range max(threads, 1) {
		t := &thread{number: i}
		t.run = func() {
			c.drain(t)
			c.wait.Done()
		}
		c.threads = append(c.threads, t)
	}
	return c
}

// do runs tasks 0 … n−1 of w and returns when all are done.
func (c *threadPool) do(n int, w work) {
	c.work, c.tasks = w, int64(n)
	c.next.Store(0)
	helpers := c.threads[1:min(len(c.threads), max(n, 1))]
	c.wait.Add(len(helpers))
	for _, t := range helpers {
		go t.run()
	}
	c.drain(c.threads[0])
	c.wait.Wait()
}

func (c *threadPool) drain(t *thread) {
	for {
		i := c.next.Add(1) - 1
		if i >= c.tasks {
			return
		}
		c.work.task(t, int(i))
	}
}
