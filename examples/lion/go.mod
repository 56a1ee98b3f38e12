module example.org/lion

go 1.26.8

require noisebench v0.0.0

replace noisebench => ../..
