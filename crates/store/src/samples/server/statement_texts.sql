UPDATE statement SET text = given.text
FROM (SELECT DISTINCT ON (query_id) query_id, text
      FROM ROWS FROM (json_to_recordset(CAST(:rows AS json)) AS (query_id bigint, text text))
           WITH ORDINALITY AS rows(query_id, text, place)
      ORDER BY query_id, place DESC) AS given
WHERE statement.target = :target AND statement.query_id = given.query_id
