// Package figure draws the results of a plan, for papers and screens: as SVG, PDF or PNG.
//
// A [Source] is a plan with its results, and [Kinds] are the figures that can be drawn from
// it. Every optimizer has one [Style], the same in all figures of a plan, whoever else is drawn. A
// figure never says more than its data: what a line and a band are, how many seeds are behind them
// and what diverged is in its caption.
//
// What figures are made of is for other figures too. A [Panel] is a gonum plot in the look of this
// package, to which any gonum plotter can be added beside [Line], [Band] and [Marks]; [LogX],
// [LogY] and [ExamplesX] set up axes, whose ranges are best set after all is added; [New] puts
// panels and a legend on a page, and [Figure.Save] writes it:
//
//	p := figure.NewPanel("", "step", "loss")
//	figure.LogY(p)
//	style := figure.Styles([]string{"sgd", "adam"})["adam"]
//	p.Add(&figure.Line{X: x, Y: y, Style: style})
//	legend := figure.Entry{Label: "adam", Style: style}
//	f := figure.New(figure.Column, 2.2*vg.Inch, [][]*figure.Panel{{p}}, legend)
//	err := f.Save("loss.pdf")
//
// Equal input gives equal bytes.
package figure
