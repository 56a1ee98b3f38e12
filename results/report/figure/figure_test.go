package figure

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results"
)

// names are those of n optimizers, some of them long.
func names(n int) []string {
	all := []string{
		"adam", "sgd", "cabs", "m-svag", "a-name-that-is-rather-long-for-an-optimizer", "lion",
		"rmsprop", "adagrad", "nesterov",
		"m-sgd", "heavy-ball", "adamw",
	}
	for len(all) < n {
		all = append(all, fmt.Sprintf("optimizer-%d", len(all)))
	}
	return all[:n]
}

// synthetic makes up a plan of n optimizers on an accuracy and on a suboptimality over many orders
// of magnitude. One optimizer diverges now and then.
func synthetic(n int) (*protocol.Plan, []results.Cell) {
	plan := protocol.Plan{
		Name: "synthetic", Problems: []protocol.ProblemEntry{
			{Problem: "digits"},
			{Problem: "valley"},
		}, Diagnostics: true,
	}
	for _, name := range names(n) {
		plan.Optimizers = append(plan.Optimizers, protocol.OptimizerEntry{Optimizer: name})
	}
	plan = plan.WithDefaults()
	specs := map[string]protocol.ProblemSpec{
		"digits": {
			Dim: 650, Train: 1000, Validation: 300, Test: 497,
			Metric:    protocol.Metric{Name: results.Accuracy, HigherBetter: true},
			BatchSize: 32, Budget: 20000,
		},
		"valley": {
			Dim: 2, Metric: protocol.Metric{Name: results.Suboptimality}, BatchSize: 16,
			Budget: 5000,
		},
	}
	random := rand.New(rand.NewPCG(1, 2))
	var cells []results.Cell
	for _, problem := range []string{"digits", "valley"} {
		for i, name := range names(n) {
			c := results.Cell{Problem: problem, Optimizer: name, Tuned: []string{"step_size"}}
			run := func(seed uint64, α, speed float64) *results.Record {
				spec := specs[problem]
				r := &results.Record{Spec: spec, Run: results.Run{
					Protocol: protocol.Version, Problem: results.ProblemID{Name: problem},
					Optimizer: results.OptimizerID{
						Name:    name,
						Setting: protocol.Setting{"step_size": α},
					},
					Seed: seed, Budget: spec.Budget, Evaluations: 20,
				}, End: results.End{Status: results.OK, Seen: spec.Budget}, Trace: &results.Trace{
					Diagnostics: map[string][]protocol.Number{"noise_to_signal": nil},
				}}
				diverges := name == "cabs" && seed%4 == 1 || α > 3
				for k := range int64(21) {
					if diverges && k > 9 {
						r.End.Status, r.End.Seen = results.Diverged, spec.Budget*9/20
						break
					}
					t := float64(k) / 20 * speed
					loss := 30*math.Exp(-12*t)*math.Exp(0.2*random.NormFloat64()) + 1e-9
					v := results.Value{Loss: protocol.Number(loss), Metric: protocol.Number(loss)}
					if problem == "digits" {
						v.Metric = protocol.Number(0.95 - 0.85*math.Exp(-5*t) +
							0.004*random.NormFloat64())
					}
					p := results.Point{
						Mark: spec.Budget * k / 20, Seen: spec.Budget * k / 20,
						Train: v,
					}
					if problem == "digits" {
						p.Validation, p.Test = &v, &v
					}
					r.Points = append(r.Points, p)
				}
				for k := range 50 {
					r.Trace.Seen = append(r.Trace.Seen, spec.Budget*int64(k+1)/50)
					m := spec.BatchSize
					if i%2 == 0 {
						m += k
					}
					r.Trace.BatchSize = append(r.Trace.BatchSize, m)
					r.Trace.Loss = append(r.Trace.Loss, 1)
					r.Trace.Diagnostics["noise_to_signal"] = append(
						r.Trace.Diagnostics["noise_to_signal"],
						protocol.Number(math.Exp(float64(k)/9+random.NormFloat64())))
				}
				return r
			}
			speed := 1 + float64(i)/float64(n)
			for seed := range uint64(10) {
				c.Runs = append(c.Runs, run(seed, 0.1, speed))
			}
			for k := range 6 {
				α := math.Pow10(k - 4)
				c.Tuning = append(c.Tuning, run(1000, α, speed/(1+math.Abs(math.Log10(α)+1))))
			}
			c.Setting = protocol.Setting{"step_size": 0.1}
			cells = append(cells, c)
		}
	}
	return &plan, cells
}

// all calls f with every figure of a source.
func all(t *testing.T, s *Source, f func(name string, fig *Figure)) {
	t.Helper()
	for _, k := range Kinds {
		targets := []string{"digits", "valley"}
		if !k.ByProblem() {
			targets = nil
		}
		if k.Overall() {
			targets = append(targets, "")
		}
		for _, problem := range targets {
			fig, missing := k.Draw(s, problem)
			if fig == nil {
				t.Errorf("no %s on %q: %s", k.Name, problem, missing)
				continue
			}
			f(fmt.Sprintf("%s on %q of %d optimizers at %.1f in", k.Name, problem,
				len(s.Plan.Optimizers), s.Width/vg.Inch), fig)
		}
	}
}

// Texts lie within the page and apart from each other, whatever the width and the number of
// optimizers.
func TestTexts(t *testing.T) {
	for _, n := range []int{1, 8, 24} {
		plan, cells := synthetic(n)
		s := NewSource(plan, cells, nil)
		for _, width := range []vg.Length{2.5 * vg.Inch, Column, Page} {
			s.Width = width
			if n == 1 { // one optimizer races nobody
				saved := Kinds
				Kinds = slices.DeleteFunc(slices.Clone(Kinds),
					func(k Kind) bool { return k.Name == "profile" })
				defer func() { Kinds = saved }()
			}
			all(t, s, func(name string, f *Figure) {
				sk := sketched(f)
				for i, a := range sk.texts {
					if a.box.Min.X < 0 || a.box.Min.Y < 0 || a.box.Max.X > f.Width ||
						a.box.Max.Y > f.Height {
						t.Errorf("%s: %q is at %.1f, outside the page of %.0f × %.0f", name, a.text,
							a.box, f.Width, f.Height)
					}
					for _, b := range sk.texts[:i] {
						if overlap(a.box, b.box) {
							t.Errorf("%s: %q overlaps %q", name, a.text, b.text)
						}
					}
				}
			})
			if n == 1 {
				break
			}
		}
	}
}

func overlap(a, b vg.Rectangle) bool {
	const slack = 0.2
	return a.Min.X < b.Max.X-slack && b.Min.X < a.Max.X-slack && a.Min.Y < b.Max.Y-slack &&
		b.Min.Y < a.Max.Y-slack
}

// What is drawn is what there is: one line for each optimizer, in its colour or in grey, and its
// name.
func TestCurvesOfFigures(t *testing.T) {
	for _, n := range []int{3, 8, 12} {
		plan, cells := synthetic(n)
		s := NewSource(plan, cells, nil)
		for _, kind := range Kinds {
			if kind.Name != "loss" && kind.Name != "metric" && kind.Name != "noise" {
				continue
			}
			f, _ := kind.Draw(s, "digits")
			sk := sketched(f)
			colour, grey := 0, 0
			for _, plotter := range f.panels[0][0].plotters {
				if line, ok := plotter.(*Line); ok && line.Style.Color == PaleStyle.Color {
					grey++
				} else if ok {
					colour++
					if len(sk.strokes[line.Style.Color]) == 0 {
						t.Errorf("%s of %d: nothing is drawn in %v", kind.Name, n, line.Style.Color)
					}
				}
			}
			if colour != min(n, most) || grey != n-colour {
				t.Errorf("%s of %d: %d lines in colour and %d in grey", kind.Name, n, colour, grey)
			}
			entries := min(n, most)
			if n > most {
				entries++
				if !sk.has(fmt.Sprintf("%d others", n-most)) {
					t.Errorf("%s of %d does not say how many are in grey", kind.Name, n)
				}
			}
			if len(f.legend) != entries {
				t.Errorf("%s of %d: legend %v", kind.Name, n, f.legend)
			}
			if n == 3 && (!sk.has("adam") || !sk.has("sgd") || !sk.has("cabs †") ||
				!sk.has("examples seen")) {
				t.Errorf("%s lacks a label: %v", kind.Name, sk.texts)
			}
			if n == 3 && (len(f.Notes) == 0 || !strings.Contains(f.Notes[0],
				"3 of 10 runs of cabs diverged")) {
				t.Errorf("%s: notes are %q", kind.Name, f.Notes)
			}
			if !strings.Contains(f.Caption, "10 seeds") {
				t.Errorf("%s: caption is %q", kind.Name, f.Caption)
			}
		}
	}
}

// Nobody's style depends on who else is drawn.
func TestStylesStay(t *testing.T) {
	plan, cells := synthetic(12)
	whole := NewSource(plan, cells, nil)
	only := []string{"sgd", "cabs", "adamw"}
	some := NewSource(plan, cells, only)
	for _, kind := range Kinds {
		if !kind.ByProblem() {
			continue
		}
		f, missing := kind.Draw(some, "valley")
		if f == nil {
			t.Fatalf("%s: %s", kind.Name, missing)
		}
		sk := sketched(f)
		for name, style := range whole.styles {
			used := len(sk.strokes[style.Color])+len(sk.fills[style.Color]) > 0
			if slices.Contains(only, name) && !used && kind.Name != "batch-size" {
				t.Errorf("%s: %s is not drawn in its colour", kind.Name, name)
			}
		}
		for _, name := range names(12) {
			if !slices.Contains(only, name) && sk.has(name) {
				t.Errorf("%s shows %s, which nobody asked for", kind.Name, name)
			}
		}
		for _, e := range f.legend {
			if style, ok := whole.styles[strings.TrimSuffix(e.Label, " †")]; ok &&
				(e.Style.Color != style.Color || e.Style.Index != style.Index) {
				t.Errorf("%s: style of %s is %+v, want %+v", kind.Name, e.Label, e.Style, style)
			}
		}
	}
}

func TestStylesAreDistinct(t *testing.T) {
	many := names(32)
	styles := Styles(many)
	looks := map[string]string{}
	for name, s := range styles {
		look := fmt.Sprint(s.Color, s.Dashes)
		if other, ok := looks[look]; ok {
			t.Errorf("%s looks like %s", name, other)
		}
		looks[look] = name
	}
	slices.Reverse(many)
	for name, s := range Styles(many) {
		if s.Index != styles[name].Index {
			t.Errorf("the style of %s depends on the order of names", name)
		}
	}
}

// Every figure can be written in every format, and always as the same bytes.
func TestFormats(t *testing.T) {
	if testing.Short() {
		t.Skip("it draws everything six times; this package starts no goroutine")
	}
	plan, cells := synthetic(3)
	first := map[string][]byte{}
	for round := range 2 {
		all(t, NewSource(plan, cells, nil), func(name string, f *Figure) {
			for _, format := range Formats {
				var b bytes.Buffer
				if err := f.Write(&b, format); err != nil {
					t.Fatalf("%s as %s: %v", name, format, err)
				}
				key := name + format
				if round == 1 && !bytes.Equal(first[key], b.Bytes()) {
					t.Errorf("%s as %s: the second time other bytes than the first", name, format)
				}
				first[key] = b.Bytes()
				switch format {
				case "svg":
					checkXML(t, name, b.String())
				case "pdf":
					if !bytes.HasPrefix(b.Bytes(), []byte("%PDF-")) ||
						!bytes.Contains(b.Bytes(), []byte("%%EOF")) {
						t.Errorf("%s is no PDF", name)
					}
				case "png":
					image, err := png.Decode(&b)
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					if got, want := image.Bounds().Dx(), int(3.4*200); got < want-1 ||
						got > want+1 {
						t.Errorf("%s is %d pixels wide, want %d", name, got, want)
					}
				}
			}
		})
	}
	f := New(Column, vg.Inch, [][]*Panel{{NewPanel("", "", "")}})
	if err := f.Write(io.Discard, "gif"); err == nil || !strings.Contains(err.Error(),
		"svg, pdf, png") {
		t.Errorf("as gif: %v", err)
	}
}

func checkXML(t *testing.T, name, text string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(text))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// A colour bar stands on the right of its panel's data, as high as they are: each label at the
// height of its number, beside the colour that stands for it.
func TestColorBar(t *testing.T) {
	gray := func(share float64) color.Color { return color.Gray{uint8(255*share + 0.5)} }
	panel := func(bar *ColorBar) *Panel {
		p := NewPanel("", "", "")
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, -6, 6 // as the bar
		p.Y.Tick.Marker = LinearTicks{Most: 5}
		p.Bar = bar
		return p
	}
	data := func(s *sketch) (right vg.Length) { // the x axis is the longest level line
		for _, path := range s.strokes[Ink] {
			if len(path) == 2 && path[0].Pos.Y == path[1].Pos.Y &&
				path[1].Pos.X-path[0].Pos.X > vg.Inch {
				right = path[1].Pos.X
			}
		}
		return right
	}
	with := sketched(New(Column, 2*vg.Inch,
		[][]*Panel{{panel(&ColorBar{Low: -6, High: 6, Color: gray})}}))
	without := sketched(New(Column, 2*vg.Inch, [][]*Panel{{panel(nil)}}))
	right := data(with)
	if !(right > vg.Inch && right < data(without)-barWidth) {
		t.Errorf("the data end at %.1f with a bar and at %.1f without, want room for it", right,
			data(without))
	}
	labels := map[string][]written{}
	for _, w := range with.texts {
		labels[w.text] = append(labels[w.text], w)
	}
	for _, text := range []string{"−5", "0", "5"} {
		var axis, bar *written
		for _, w := range labels[text] {
			if w.box.Min.X > right {
				bar = &w
			} else {
				axis = &w
			}
		}
		if bar == nil || axis == nil {
			t.Errorf("label %s: on the axis %v, on the bar %v; want both", text, axis, bar)
			continue
		}
		if d := bar.box.Min.Y - axis.box.Min.Y; d > 0.01 || d < -0.01 {
			t.Errorf("label %s of the bar is %.2f above that of the axis, want the same height",
				text, d)
		}
		if bar.box.Max.X > Column {
			t.Errorf("label %s of the bar ends at %.1f, outside the figure", text, bar.box.Max.X)
		}
	}
	bottom, top := map[color.Color]vg.Length{}, vg.Length(0)
	for k := range barSteps {
		c := gray((float64(k) + 0.5) / barSteps)
		if len(with.fills[c]) == 0 {
			t.Fatalf("colour %d of the bar is missing", k)
		}
		box := with.fills[c][0]
		bottom[c] = box[0].Pos.Y
		if k > 0 && !(box[0].Pos.Y > bottom[gray((float64(k)-0.5)/barSteps)]) {
			t.Errorf("colour %d of the bar does not begin above the one before", k)
		}
		top = max(top, box[2].Pos.Y)
	}
	if top <= bottom[gray(1-0.5/barSteps)] {
		t.Errorf("the last colour begins at %.1f, the bar ends at %.1f",
			bottom[gray(1-0.5/barSteps)], top)
	}
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	p := NewPanel("histogram", "x", "count")
	h, err := plotter.NewHist(plotter.Values{1, 2, 2, 3, 3, 3}, 3)
	if err != nil {
		t.Fatal(err)
	}
	p.Add(h) // any gonum plotter fits
	f := New(Column, 2*vg.Inch, [][]*Panel{{p}})
	f.Caption, f.Notes = "A histogram.", []string{"Of six values."}
	if err := f.Save(filepath.Join(dir, "a.svg")); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "a.txt")); err != nil ||
		string(text) != "A histogram.\nOf six values.\n" {
		t.Errorf("caption is %q, %v", text, err)
	}
	if err := f.Save(filepath.Join(dir, "a")); err == nil {
		t.Error("saved a file without an ending")
	}
	if err := f.Save(filepath.Join(dir, "none", "a.svg")); err == nil {
		t.Error("saved to a folder that is not there")
	}
	// A folder in the file's place: it fails, and leaves nothing behind.
	if err := os.Mkdir(filepath.Join(dir, "b.svg"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(filepath.Join(dir, "b.svg")); err == nil {
		t.Error("saved over a folder")
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 3 {
		t.Errorf("there are %v, %v; want a.svg, a.txt and b.svg", files, err)
	}
}

func TestNoData(t *testing.T) {
	plan, cells := synthetic(3)
	plan.Diagnostics = false
	for i := range cells {
		for _, r := range cells[i].Runs {
			r.Trace = nil
		}
		cells[i].Tuned = nil
	}
	s := NewSource(plan, cells, nil)
	for kind, want := range map[string]string{
		"noise": "diagnostics: true", "batch-size": "trace",
		"sensitivity": "tuned",
	} {
		k := Kinds[slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == kind })]
		if f, missing := k.Draw(s, "digits"); f != nil || !strings.Contains(missing, want) {
			t.Errorf("%s: %v, %q, want a reason with %q", kind, f, missing, want)
		}
	}
	nothing := NewSource(plan, nil, nil)
	for _, k := range Kinds {
		for _, problem := range []string{"digits", ""} {
			if f, missing := k.Draw(nothing, problem); f != nil || missing == "" {
				t.Errorf("%s of a plan without runs: %v, %q", k.Name, f, missing)
			}
		}
	}
}

func TestTicks(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		low := math.Pow(10, 20*random.Float64()-12)
		high := low * math.Pow(10, math.Pow(10, 3*random.Float64()-2))
		for _, ticker := range []plot.Ticker{
			LogTicks{},
			LogTicks{Most: 4},
			LinearTicks{},
			LinearTicks{Most: 5},
		} {
			labels := map[string]bool{}
			n := 0
			for _, tick := range ticker.Ticks(low, high) {
				if tick.Label == "" || tick.Value < low || tick.Value > high {
					continue
				}
				n++
				if labels[tick.Label] {
					t.Fatalf("%T on %g to %g: two ticks are labelled %q", ticker, low, high,
						tick.Label)
				}
				labels[tick.Label] = true
			}
			if n < 2 || n > 13 {
				t.Fatalf("%T on %g to %g: %d labels", ticker, low, high, n)
			}
		}
	}
	for _, c := range []struct {
		ticker    plot.Ticker
		low, high float64
		want      string
	}{
		{LogTicks{}, 1e-8, 10, "10^−8 10^−6 10^−4 10^−2 10^0"},
		{LogTicks{}, 0.005, 300, "0.01 0.1 1 10 100"},
		{LogTicks{}, 0.29, 0.75, "0.3 0.4 0.5 0.7"},
		{LogTicks{}, 1, 30, "1 10"},
		{LogTicks{}, 15, 60, "20 30 40 50"},
		{LogTicks{}, 1, 4.2, "1 2 3 4"},
		{LogTicks{}, 0, 1, ""},
		{LogTicks{}, -2, math.NaN(), ""},
		{LinearTicks{}, 0, 1, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{LinearTicks{}, -0.031, 0.04, "−0.02 0.00 0.02 0.04"},
		{LinearTicks{Format: Amount}, 0, 51200, "0 10k 20k 30k 40k 50k"},
		{LinearTicks{}, 0, 3e-7, "0 0.5·10^−7 1.0·10^−7 1.5·10^−7 2.0·10^−7 2.5·10^−7 3.0·10^−7"},
	} {
		var labels []string
		for _, tick := range c.ticker.Ticks(c.low, c.high) {
			if tick.Label != "" {
				labels = append(labels, strings.ReplaceAll(tick.Label, raise, "^"))
			}
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("%T on %g to %g: %s, want %s", c.ticker, c.low, c.high, got, c.want)
		}
	}
}

// Values that a logarithmic axis has no place for do no harm.
func TestLogAxisOfAnything(t *testing.T) {
	p := NewPanel("", "", "")
	LogY(p)
	style := Style{Color: color.Black, Marker: cross{}}
	x := []float64{0, 1, 2, 3, 4, 5}
	y := []float64{1, 0, -1, math.NaN(), math.Inf(1), 10}
	p.Add(&Line{X: x, Y: y, Style: style, Marked: true}, &Band{X: x, Low: y, High: y, Style: style},
		&Marks{X: x, Y: y, Style: style})
	p.Y.Min, p.Y.Max = 0.1, 100
	f := New(Column, vg.Inch, [][]*Panel{{p}})
	for _, path := range sketched(f).strokes[color.Black] {
		for _, c := range path {
			if !finite(float64(c.Pos.X)) || !finite(float64(c.Pos.Y)) || c.Pos.Y < 0 ||
				c.Pos.Y > f.Height {
				t.Errorf("a line goes to %v", c.Pos)
			}
		}
	}
}

// A PDF canvas gets texts in its encoding, and colours that are not premultiplied.
func TestLatin(t *testing.T) {
	s := &sketch{fills: map[color.Color][]vg.Path{}, stack: []affine{{a: 1, d: 1}}}
	c := latin{s}
	style := sans(FontSize, 0, 0)
	face := style.Handler.Cache().Lookup(style.Font, style.Font.Size)
	c.FillString(face, vg.Point{}, "a ± −3 †")
	if got, want := s.texts[0].text, "a \xb1 \x963 \x86"; got != want {
		t.Errorf("the text is %q, want %q", got, want)
	}
	// A λ is not in the encoding: it is drawn, on its line and no wider than it is.
	at := vg.Point{X: 10, Y: 20}
	c.FillString(face, at, "λ")
	if len(s.texts) != 1 || len(s.fills[nil]) != 1 {
		t.Fatalf("%d texts and %d shapes, want one of each", len(s.texts), len(s.fills[nil]))
	}
	low, high := at.Add(vg.Point{X: face.Width("λ"), Y: style.Font.Size}), at
	for _, part := range s.fills[nil][0] {
		if part.Type == vg.CloseComp {
			continue
		}
		low = vg.Point{X: min(low.X, part.Pos.X), Y: min(low.Y, part.Pos.Y)}
		high = vg.Point{X: max(high.X, part.Pos.X), Y: max(high.Y, part.Pos.Y)}
	}
	if width := face.Width("λ"); low.X < at.X-0.1 || high.X > at.X+width+0.1 ||
		high.X-low.X < width/2 ||
		low.Y < at.Y-0.2 || high.Y < at.Y+style.Font.Size/2 || high.Y > at.Y+style.Font.Size {
		t.Errorf("the λ at %v, %v wide, covers %v to %v", at, width, low, high)
	}
	c.SetColor(faded(color.RGBA{0x80, 0x40, 0xff, 0xff}, 0.2))
	if r, g, b, a := s.color.RGBA(); r != 0x8080 || g != 0x4040 || b != 0xffff || a != 51*0x101 {
		t.Errorf("the colour is %x %x %x %x", r, g, b, a)
	}
}
