package figure

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Column is the width of a column of a paper in two columns, Page that of both.
const (
	Column vg.Length = 3.4 * vg.Inch
	Page   vg.Length = 7 * vg.Inch
)

// Figure is a drawing with its caption and notes.
type Figure struct {
	Width, Height vg.Length
	Caption       string   // as sentences
	Notes         []string // warnings for the reader
	// XLabel and YLabel are labels that all panels share.
	XLabel, YLabel string

	panels [][]*Panel
	legend []Entry
}

// Entry is one line of a legend.
type Entry struct {
	Label string
	Style Style
	Point bool // the marker alone
}

// New returns a figure of rows of panels, which share their columns and rows, with a legend below.
// A panel may be nil.
func New(width, height vg.Length, panels [][]*Panel, legend ...Entry) *Figure {
	return &Figure{Width: width, Height: height, panels: panels, legend: legend}
}

const (
	margin       vg.Length = 3
	gutter       vg.Length = 7
	legendLine   vg.Length = 11
	legendSample vg.Length = 17
	legendGap    vg.Length = 9
)

// draw draws the figure on a canvas of its size.
func (f *Figure) draw(c draw.Canvas) {
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, margin, -margin, margin, -margin)
	c = draw.Crop(c, 0, 0, f.drawLegend(c), 0)
	f.drawPanels(c)
}

// drawPanels lays out the panels: the data of all have the same size, and those of a row or column
// are aligned.
func (f *Figure) drawPanels(c draw.Canvas) {
	if f.YLabel != "" {
		height := labelStyle.Height(f.YLabel)
		writeUp(&c, c.Min.X+height, c.Center().Y, f.YLabel)
		c = draw.Crop(c, height+1, 0, 0, 0)
	}
	if f.XLabel != "" {
		height := labelStyle.Height(f.XLabel)
		write(&c, labelStyle, c.Center().X, c.Min.Y+height, f.XLabel)
		c = draw.Crop(c, 0, 0, height, 0)
	}
	columns := 0
	for _, row := range f.panels {
		columns = max(columns, len(row))
	}
	rows := len(f.panels)
	across, down := make([]edges, columns), make([]edges, rows)
	size := vg.Point{X: c.Max.X - c.Min.X, Y: c.Max.Y - c.Min.Y}
	// What sticks out beside the x axis depends on the width of the data, a little.
	width, height := size.X/vg.Length(columns), vg.Length(0)
	for range 3 {
		across, down = make([]edges, columns), make([]edges, rows)
		for i, row := range f.panels {
			for k, p := range row {
				if p == nil {
					continue
				}
				e := p.settle(width)
				across[k].left, across[k].right = max(across[k].left, e.left),
					max(across[k].right, e.right)
				down[i].top = max(down[i].top, e.top)
				if i == rows-1 || k < len(f.panels[i+1]) && f.panels[i+1][k] != nil {
					down[i].bottom = max(down[i].bottom, e.bottom) // else there is room below
				}
			}
		}
		width, height = size.X-gutter*vg.Length(columns-1), size.Y-gutter*vg.Length(rows-1)
		for _, e := range across {
			width -= e.left + e.right
		}
		for _, e := range down {
			height -= e.top + e.bottom
		}
		width, height = width/vg.Length(columns), height/vg.Length(rows)
	}
	y := c.Max.Y
	for i, row := range f.panels {
		y -= down[i].top
		x := c.Min.X
		for k := range columns {
			x += across[k].left
			if k < len(row) && row[k] != nil {
				at := c
				at.Min, at.Max = vg.Point{X: x, Y: y - height}, vg.Point{X: x + width, Y: y}
				row[k].draw(at)
			}
			x += width + across[k].right + gutter
		}
		y -= height + down[i].bottom + gutter
	}
}

// legendColumns is the number of columns and their width.
func (f *Figure) legendColumns(width vg.Length) (n int, each vg.Length) {
	for _, e := range f.legend {
		each = max(each, legendSample+3+legendStyle.Width(e.Label)+legendGap)
	}
	n = min(len(f.legend), max(1, int((width+legendGap)/each)))
	// No more columns than the rows need: four entries stand better as 2 + 2 than as 3 + 1.
	rows := (len(f.legend) + n - 1) / n
	n = (len(f.legend) + rows - 1) / rows
	return n, min(each, width+legendGap)
}

// drawLegend draws the legend at the bottom of a canvas, column by column, and returns its height.
func (f *Figure) drawLegend(c draw.Canvas) vg.Length {
	if len(f.legend) == 0 {
		return 0
	}
	n, each := f.legendColumns(c.Max.X - c.Min.X)
	rows := (len(f.legend) + n - 1) / n
	left := c.Min.X + (c.Max.X-c.Min.X-vg.Length(n)*each+legendGap)/2
	for i, e := range f.legend {
		x := left + vg.Length(i/rows)*each
		y := c.Min.Y + (vg.Length(rows-1-i%rows)+0.5)*legendLine
		if !e.Point {
			line := draw.LineStyle{Color: e.Style.Color, Width: lineWidth, Dashes: e.Style.Dashes}
			c.StrokeLine2(line, x, y, x+legendSample, y)
		}
		if e.Style.Marker != nil {
			c.DrawGlyph(draw.GlyphStyle{
				Color: e.Style.Color, Shape: e.Style.Marker,
				Radius: markerRadius,
			},
				vg.Point{X: x + legendSample/2, Y: y})
		}
		write(&c, legendStyle, x+legendSample+3, y, shorten(e.Label, legendStyle,
			each-legendSample-3-legendGap))
	}
	return f.legendHeight()
}

// legendHeight is the height of the legend with the space above it.
func (f *Figure) legendHeight() vg.Length {
	if len(f.legend) == 0 {
		return 0
	}
	n, _ := f.legendColumns(f.Width - 2*margin)
	return vg.Length((len(f.legend)+n-1)/n)*legendLine + 4
}
