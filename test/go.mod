module github.com/kubectl-sts/kubectl-sts/test

go 1.26.0

replace (
	github.com/kubectl-sts/kubectl-sts => ../
	github.com/kubectl-sts/kubectl-sts/test/cluster => ./cluster
)

require (
	github.com/kubectl-sts/kubectl-sts v0.0.0-00010101000000-000000000000
	github.com/kubectl-sts/kubectl-sts/test/cluster v0.0.0-00010101000000-000000000000
	github.com/rogpeppe/go-internal v1.16.0
)
