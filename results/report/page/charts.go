package page

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
)

// data is the input of page.js, see pack.
type data struct {
	Optimizers []optimizer `json:"optimizers"` // in the order of the legend
	Charts     []chart     `json:"charts"`
	// file name: contents, for downloads and for copying
	Exports map[string]string `json:"exports"`
}

// pack writes the data as JSON, compressed by gzip, in base64: a quarter of the size.
func (d *data) pack() (string, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		err = cmp.Or(json.NewEncoder(w).Encode(d), w.Close())
	}
	if err != nil {
		return "", fmt.Errorf("cannot pack the data of the page: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// optimizer is an entry of the legend.
type optimizer struct {
	Name  string    `json:"name"`
	Light string    `json:"light"` // colour on white, #rrggbb
	Dark  string    `json:"dark"`  // on dark paper
	Dash  []float64 `json:"dash"`  // in pixels; empty: solid
}

// chart is a line chart. All its series have a y for each x; null where there is none.
type chart struct {
	Title   string   `json:"title"`
	About   string   `json:"about"`             // a description, one sentence
	Problem string   `json:"problem,omitempty"` // empty: all
	X       axis     `json:"x"`
	Y       axis     `json:"y"`
	At      []num    `json:"at"` // the x, ascending
	Series  []series `json:"series"`
	Step    bool     `json:"step,omitempty"`   // steps in place of lines
	Points  bool     `json:"points,omitempty"` // a dot at each value
}

type axis struct {
	Label string `json:"label"`
	Log   bool   `json:"log,omitempty"`
}

type series struct {
	Optimizer int    `json:"o"` // index in data.Optimizers
	Y         []num  `json:"y"`
	Low       []num  `json:"lo,omitempty"` // of the band
	High      []num  `json:"hi,omitempty"`
	Mark      *int   `json:"mark,omitempty"` // index of a value to be ringed
	Hint      string `json:"hint,omitempty"` // more about the series, for the hover text
}

// equal reports whether two series are drawn as the same line.
func (s series) equal(t series) bool { return s.Optimizer == t.Optimizer && slices.Equal(s.Y, t.Y) }

// num is a number of a chart: five significant digits, null if it is not finite.
type num float64

func (v num) MarshalJSON() ([]byte, error) {
	if !protocol.Finite(float64(v)) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(v), 'g', 5, 64), nil
}

// charter draws up charts.
type charter struct {
	plan   *protocol.Plan
	report *measures.Report
	cells  *Cells
	index  map[string]int // of an optimizer in the legend
}

// problem returns the charts of one problem; none before there is a run.
func (c *charter) problem(p *measures.Problem) []chart {
	if p.Spec == nil {
		return nil
	}
	var all []chart
	add := func(ch chart) {
		if len(ch.Series) > 0 {
			ch.Problem = p.Name
			all = append(all, ch)
		}
	}
	cells := c.cells.of(c.report, p.Name)
	curves := func(of func(*drawn) []measures.Curve) (all []measures.Curve) {
		for _, d := range cells {
			all = append(all, of(d)...)
		}
		return all
	}
	const band = "mean over the seeds; band: ± 1 standard deviation"
	loss := c.curves(curves(func(d *drawn) []measures.Curve { return d.loss }), meanStd)
	loss.Title, loss.About, loss.Y.Label = "Training loss", band, "loss on the train part"
	metric := c.curves(curves(func(d *drawn) []measures.Curve { return d.metric }), meanStd)
	metric.Title, metric.About, metric.Y.Label = capital(p.MetricName()), band, p.MetricName()
	// as where the loss is the distance to the optimum
	if !slices.EqualFunc(loss.Series, metric.Series, series.equal) {
		add(loss)
	}
	add(metric)
	add(c.sensitivity(p, cells))
	add(c.bestOf(p))
	batch := c.curves(curves(func(d *drawn) []measures.Curve { return d.batch }), meanStd)
	batch.Title, batch.About, batch.Y.Label = "Batch size",
		band+". The last batch is cut to what is left of the budget", "examples in a batch"
	if slices.ContainsFunc(cells, func(d *drawn) bool { return d.varies }) {
		add(batch)
	}
	noise := c.curves(curves(func(d *drawn) []measures.Curve { return d.noise }), quartiles)
	noise.Title, noise.Y.Label = "Noise to signal of the gradient", "‖s‖₁ / ‖g‖² of one example"
	noise.About = "median over the seeds; band: quartiles. Where it exceeds the batch size, a " +
		"gradient is mostly noise"
	add(noise)
	return all
}

// meanStd and quartiles choose the line and the band of a spread.
func meanStd(s measures.Spread) (y, low, high float64) {
	return s.Mean, s.Mean - s.Std, s.Mean + s.Std
}

func quartiles(s measures.Spread) (y, low, high float64) { return s.Median, s.Low, s.High }

// curves lays curves over the examples seen. The y axis is logarithmic if all values are positive
// and far apart.
func (c *charter) curves(curves []measures.Curve,
	of func(measures.Spread) (y, low, high float64),
) chart {
	ch := chart{X: axis{Label: "examples seen"}}
	least, most := math.Inf(1), math.Inf(-1)
	for i, curve := range curves {
		s := series{Optimizer: c.index[curve.Optimizer]}
		if n := len(curve.Diverged); n > 0 {
			s.Hint = fmt.Sprintf("%d of %d runs diverged", n, curve.Runs)
		}
		for _, p := range curve.Points {
			if i == 0 {
				ch.At = append(ch.At, num(p.Seen))
			}
			y, low, high := of(p.Spread)
			if protocol.Finite(y) {
				least, most = min(least, y), max(most, y)
			}
			if low <= 0 && p.Min > 0 {
				low = p.Min // so that a logarithmic axis can show it
			}
			s.Y, s.Low, s.High = append(s.Y, num(y)), append(s.Low, num(low)),
				append(s.High, num(high))
		}
		if len(s.Y) == len(ch.At) {
			ch.Series = append(ch.Series, s)
		}
	}
	ch.Y.Log = least > 0 && most > 30*least
	return ch
}

// sensitivity is how the score depends on the step size, by the tuning runs of the sweep.
func (c *charter) sensitivity(p *measures.Problem, cells []*drawn) chart {
	ch := chart{
		Title: "Step-size sensitivity",
		About: "tuning runs under the seed of the sweep; the ring is the step size that was " +
			"chosen",
		X: axis{"step size α", true}, Points: true,
	}
	ch.Y.Label = c.selected(p)
	type curve struct {
		s      series
		trials []measures.Trial
	}
	var all []curve
	var at []float64
	var sensitivities []measures.Sensitivity
	for _, d := range cells {
		sensitivities = append(sensitivities, d.sensitivities...)
	}
	for _, s := range sensitivities {
		if !s.Chosen {
			continue
		}
		one := curve{s: series{Optimizer: c.index[s.Optimizer]}}
		if len(s.Others) > 0 {
			one.s.Hint = s.Others.String()
		}
		for _, t := range s.Trials {
			if t.Seed == c.plan.Tuning.SweepSeed() && t.StepSize > 0 {
				one.trials = append(one.trials, t)
				at = append(at, t.StepSize)
			}
		}
		all = append(all, one)
	}
	slices.Sort(at)
	at = slices.Compact(at)
	least, most := math.Inf(1), math.Inf(-1)
	for _, x := range at {
		ch.At = append(ch.At, num(x))
	}
	for _, one := range all {
		one.s.Y = slices.Repeat([]num{num(math.NaN())}, len(at))
		for _, t := range one.trials {
			i, _ := slices.BinarySearchFunc(at, t.StepSize, cmp.Compare)
			one.s.Y[i] = num(t.Value)
			if protocol.Finite(t.Value) {
				least, most = min(least, t.Value), max(most, t.Value)
			}
			if t.Chosen {
				one.s.Mark = &i
			}
		}
		ch.Series = append(ch.Series, one.s)
	}
	ch.Y.Log = least > 0 && most > 30*least
	return ch
}

// bestOf charts the expected result of tuning with fewer runs.
func (c *charter) bestOf(p *measures.Problem) chart {
	ch := chart{
		Title: "Best of k tuning runs",
		About: "what the best of k runs of the sweep, in random order, is to be expected to " +
			"score",
		X: axis{Label: "k tuning runs"}, Points: true,
	}
	ch.Y.Label = c.selected(p)
	for _, k := range measures.BestOfRuns {
		ch.At = append(ch.At, num(k))
	}
	least, most := math.Inf(1), math.Inf(-1)
	for _, row := range p.Rows {
		s := series{Optimizer: c.index[row.Optimizer]}
		known := 0
		for _, v := range row.BestOf {
			if protocol.Finite(v) {
				known++
				least, most = min(least, v), max(most, v)
			}
			s.Y = append(s.Y, num(v))
		}
		if known > 1 {
			ch.Series = append(ch.Series, s)
		}
	}
	for last := len(ch.At) - 1; last >= 0 && !slices.ContainsFunc(ch.Series,
		func(s series) bool { return protocol.Finite(float64(s.Y[last])) }); last-- {
		ch.At = ch.At[:last] // nobody tuned so long
		for i := range ch.Series {
			ch.Series[i].Y = ch.Series[i].Y[:last]
		}
	}
	ch.Y.Log = least > 0 && most > 30*least
	return ch
}

// selected names the value by which tuning selects on a problem, such as "validation accuracy".
func (c *charter) selected(p *measures.Problem) string {
	if part := results.PartFor(p.Spec, c.plan.Selection); part != protocol.TrainPart {
		return string(part) + " " + p.Spec.Metric.Name
	}
	return p.Spec.Metric.Name
}

// capital makes the first letter of an ASCII text a capital one.
func capital(s string) string { return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):] }

// summary returns the charts on all problems.
func (c *charter) summary(r *measures.Report) []chart {
	var all []chart
	for _, ch := range []chart{c.profiles(r), c.costs(r)} {
		if len(ch.Series) > 0 {
			all = append(all, ch)
		}
	}
	return all
}

// costs charts what entries get for the computing time of their steps.
func (c *charter) costs(r *measures.Report) chart {
	ch := chart{
		Title: "Quality and cost",
		About: "interquartile mean of the tuned entries on the scale from the start, 0, to " +
			r.Anchor + ", 1, over their computing time per example, relative to " + r.Anchor +
			"'s. Up and left is better",
		X: axis{"time per example", true}, Y: axis{Label: "anchored score"}, Points: true,
	}
	var at []float64
	for _, o := range r.Overall {
		if x := o.OverallMeasures.Slowdown; protocol.Finite(x) && protocol.Finite(o.Anchored.Value) {
			at = append(at, x)
		}
	}
	slices.Sort(at)
	at = slices.Compact(at)
	for _, x := range at {
		ch.At = append(ch.At, num(x))
	}
	for _, o := range r.Overall {
		i := slices.Index(at, o.OverallMeasures.Slowdown)
		if i < 0 || !protocol.Finite(o.Anchored.Value) {
			continue
		}
		s := series{Optimizer: c.index[o.Optimizer], Y: slices.Repeat([]num{num(math.NaN())}, len(at))}
		s.Y[i] = num(o.Anchored.Value)
		ch.Series = append(ch.Series, s)
	}
	return ch
}

// profiles charts on how many problems the entries are fast.
func (c *charter) profiles(r *measures.Report) chart {
	profiles := measures.Profiles(measures.Races(r))
	ch := chart{
		Title: "Performance profile",
		About: "share of problems on which an optimizer needed at most τ times the examples of " +
			"the fastest to reach the target: 95 % of the way from the start to the mean of " +
			r.Anchor + ". Higher is better; at τ = 1, how often it is the fastest",
		X: axis{"τ, times the examples of the fastest", true}, Y: axis{Label: "share of problems"},
		Step: true,
	}
	var at []float64
	for _, p := range profiles {
		at = append(at, p.Ratios...)
	}
	if len(at) == 0 {
		return chart{}
	}
	at = append(at, 1, 1.5*slices.Max(at))
	slices.Sort(at)
	at = slices.Compact(at)
	for _, τ := range at {
		ch.At = append(ch.At, num(τ))
	}
	for _, p := range profiles {
		s := series{Optimizer: c.index[p.Optimizer], Hint: fmt.Sprintf("reached %d of %d targets",
			len(p.Ratios), p.Problems)}
		for _, τ := range at {
			s.Y = append(s.Y, num(p.Share(τ)))
		}
		ch.Series = append(ch.Series, s)
	}
	return ch
}
