def detect(con, rule_dirs=()):
    con.execute("create table finding(finding_key varchar)")
