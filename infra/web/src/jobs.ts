/** The kinds of work, as `GET /api/jobs` lists them. */
export const JOBS = ["エンジニア", "総合職", "研究職"] as const;
