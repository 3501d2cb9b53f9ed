    source as source_,
        case when receive_connector is null then case when source = 'mailbox' then 'submission' else 'not known' end
            else concat(receive_connector, case when to_port is null then '' else concat(' :', to_port) end) end as taken_,
        coalesce(server, 'not known') as last_, coalesce(send_connector, 'not handed out') as out_, destination as to_
