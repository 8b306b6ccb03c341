"""
What to watch of a platform, as plain data: metrics, alerts and the panels of a dashboard. No cloud library behind it.

`MonitoredPlatform` is the plan: what there is to watch. `ALERTS` are all alerts that there are; `alerts_of` returns
those of one platform. Queries are PromQL, as Cloud Monitoring and Prometheus evaluate it.
"""
