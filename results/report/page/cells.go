package page

import (
	"slices"
	"sync"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
)

// Cells has what a page shows of cells beyond its report, without their records: it takes one cell
// at a time, since there may be more records than fit into memory.
type Cells struct {
	plan *protocol.Plan

	mu    sync.Mutex
	drawn map[[2]string]*drawn // by problem and optimizer
	from  provenance
}

// drawn is what the page shows of a cell. Slices of curves have one or none.
type drawn struct {
	contract      int // latest of its records; 0 if there are none
	loss, metric  []measures.Curve
	batch, noise  []measures.Curve
	varies        bool // the batch size, other than for the last batch
	sensitivities []measures.Sensitivity
	heat          *heatMap // nil: none
	runs          runs
}

// NewCells returns the Cells of a plan, its defaults filled in.
func NewCells(plan *protocol.Plan) *Cells {
	return &Cells{plan: plan, drawn: map[[2]string]*drawn{}, from: newProvenance()}
}

// Add adds a cell, to whose records Cells does not refer later. Replicates should have their
// traces. Cells that are not ranked are ignored. It may be called concurrently.
func (c *Cells) Add(cell results.Cell) {
	if cell.Unranked != "" {
		return
	}
	key := [2]string{cell.Problem, cell.Optimizer}
	d := draw(c.plan, &cell)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.from.add(&cell)
	if c.drawn[key] == nil {
		c.drawn[key] = d
	}
}

func draw(plan *protocol.Plan, c *results.Cell) *drawn {
	d := &drawn{runs: runsOf(c)}
	records := c.Records()
	for _, r := range records {
		d.contract = max(d.contract, r.Run.Protocol)
	}
	if len(records) == 0 {
		return d
	}
	one := []results.Cell{*c}
	spec := &records[0].Spec
	d.loss = measures.Curves(plan, one, c.Problem, measures.Quantity{Part: protocol.TrainPart})
	d.metric = measures.Curves(plan, one, c.Problem,
		measures.Quantity{Part: results.PartFor(spec, protocol.TestPart), Metric: true})
	d.batch = measures.TraceCurves(plan, one, c.Problem, measures.TraceBatchSize)
	d.noise = measures.TraceCurves(plan, one, c.Problem, measures.NoiseToSignal)
	d.varies = varies(c)
	d.sensitivities = measures.Sensitivities(plan, one, c.Problem)
	d.heat = heatMapOf(plan, c, spec)
	return d
}

// varies reports whether an optimizer changed its batch size, other than for the last batch.
func varies(c *results.Cell) bool {
	return slices.ContainsFunc(c.Runs, func(r *results.Record) bool {
		if r.Trace == nil {
			return false
		}
		m := r.Trace.BatchSize
		return len(m) > 2 && slices.Min(m[:len(m)-1]) != slices.Max(m[:len(m)-1])
	})
}

// of returns what is drawn of the cells of a problem, by the names of the optimizers, without those
// whose records are of another contract than the report's.
func (c *Cells) of(r *measures.Report, problem string) []*drawn {
	names := make([]string, len(c.plan.Optimizers))
	for i, e := range c.plan.Optimizers {
		names[i] = e.Name
	}
	slices.Sort(names)
	var all []*drawn
	for _, name := range names {
		if d := c.drawn[[2]string{problem, name}]; d != nil && d.contract == r.Protocol {
			all = append(all, d)
		}
	}
	return all
}
