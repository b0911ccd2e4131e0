module net_bench

go 1.19
