import type { PlanResult } from '../api/types';
import { digits, dollars, percent } from '../format';
import { SortedTable, type TableColumn } from '../parts/table';

type Change = NonNullable<PlanResult['changes']>[number];
type Rejection = PlanResult['rejections'][number];

const changeColumns: TableColumn<Change>[] = [
  { key: 'change', head: 'change', isNumber: false, of: (row) => row.change, cell: (row) => row.change },
  { key: 'usd_per_month', head: '$ a month', isNumber: true, of: (row) => row.usd_per_month, cell: (row) => (row.usd_per_month === null ? '–' : dollars(row.usd_per_month)) },
  { key: 'saved_share', head: 'saves', help: 'Against the cheapest', isNumber: true, of: (row) => row.saved_share, cell: (row) => saved(row.saved_share) },
  { key: 'devices', head: 'devices', isNumber: true, of: (row) => row.devices, cell: (row) => (row.devices === null ? '–' : digits(row.devices)) },
];
const rejectionColumns: TableColumn<Rejection>[] = [
  { key: 'deployments', head: 'deployments', isNumber: true, of: (row) => row.deployments, cell: (row) => row.deployments.toLocaleString('en') },
  { key: 'nearest', head: 'the nearest of them', isNumber: false, of: (row) => row.nearest, cell: (row) => row.nearest },
  { key: 'deployment', head: 'which is', isNumber: false, of: (row) => row.deployment, cell: (row) => row.deployment },
];

/** What would make a plan cheaper, and why other deployments are not it. */
export function PlanReasons({ plan }: { plan: PlanResult }) {
  const { changes = [], rejections } = plan;
  return (
    <>
      {changes.length > 0 && (
        <section class="panel">
          <h2>
            What to change first <small>each by itself, planned anew</small>
          </h2>
          <SortedTable caption="What to change first" rows={changes} columns={changeColumns} isWrapped />
        </section>
      )}
      {rejections.length > 0 && (
        <section class="panel">
          <h2>Why the others are not it</h2>
          <SortedTable caption="Why the others are not it" rows={rejections} columns={rejectionColumns} isWrapped />
        </section>
      )}
    </>
  );
}

function saved(share: number | null): string {
  return share === null ? '–' : share === 0 ? 'nothing' : share > 0 ? percent(share) : `costs ${percent(-share)} more`;
}
